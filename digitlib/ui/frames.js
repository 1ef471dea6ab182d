// A picture with frames on it that can be clicked: the digits that were found, or pictures to choose.

export default function ({data, parentElement, setTriggerValue}) {
  const {picture, description, frames, chosen} = data;
  const figure = document.createElement("div");
  figure.className = "picture";
  const image = document.createElement("img");
  image.src = picture;
  image.alt = description;
  figure.append(image);
  frames.forEach((frame, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = frame.name;
    button.ariaLabel = frame.name;
    button.ariaPressed = place === chosen;
    button.dataset.label = frame.label;
    for (const side of ["left", "top", "width", "height"]) {
      button.style[side] = `${100 * frame[side]}%`;
    }
    button.onclick = () => setTriggerValue("clicked", place);
    figure.append(button);
  });
  // Whoever chose by keyboard goes on from there.
  const before = [...parentElement.querySelectorAll("button")];
  const focused = before.indexOf(parentElement.getRootNode().activeElement);
  parentElement.querySelector(".picture")?.remove();
  parentElement.append(figure);
  figure.querySelectorAll("button")[focused]?.focus();
}

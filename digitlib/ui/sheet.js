// A sheet of digits, any of which can be chosen. All show their part of one long picture.

function makeCell(cell, place, choose) {
  const button = document.createElement("button");
  const picture = document.createElement("i");
  const words = document.createElement("span");
  button.type = "button";
  button.className = cell.kind;
  button.title = cell.words;
  button.setAttribute("aria-label", cell.words);
  picture.style.setProperty("--place", place);
  words.textContent = cell.mark;
  button.append(picture, words);
  if (cell.note) {
    const note = document.createElement("small");
    note.textContent = cell.note;
    button.append(note);
  }
  button.addEventListener("click", () => choose(cell.name));
  return button;
}

export default function ({data, parentElement, setTriggerValue}) {
  // Most runs of a page change nothing of it but who hears of a click.
  parentElement.tell = setTriggerValue;
  const shown = JSON.stringify(data);
  if (parentElement.shown === shown) return;
  parentElement.shown = shown;
  const sheet = document.createElement("div");
  sheet.className = "sheet";
  sheet.style.setProperty("--mask", `url(${data.mask})`);
  const choose = name => parentElement.tell("chosen", name);
  sheet.append(...data.cells.map((cell, place) => makeCell(cell, place, choose)));
  parentElement.querySelector(".sheet")?.remove();
  parentElement.append(sheet);
}

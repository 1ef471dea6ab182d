// A sheet of digits, any of which can be opened. All show their part of one long picture. It is one
// stop of the tab key: arrows go from digit to digit and on to the next page, Page Up and Page Down
// turn pages, Enter opens.

function makeCell(cell, place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = cell.kind;
  button.title = cell.words;
  button.setAttribute("aria-label", cell.words);
  button.tabIndex = -1;
  const picture = document.createElement("i");
  picture.style.setProperty("--place", place);
  button.append(picture);
  for (const line of cell.lines) {
    const words = document.createElement("span");
    words.textContent = line;
    button.append(words);
  }
  if (cell.badge) {
    const badge = document.createElement("b");
    badge.textContent = cell.badge;
    button.append(badge);
  }
  return button;
}

function countColumns(buttons) {
  const first = buttons[0].offsetTop;
  const below = buttons.findIndex(button => button.offsetTop !== first);
  return below < 0 ? buttons.length : below;
}

// As soon as the dialog is gone, which keeps the focus to itself: to the cell that one came from.
function returnFocus(root) {
  if (!root.isConnected) return;
  if (document.querySelector("[role=dialog]")) requestAnimationFrame(() => returnFocus(root));
  else if (document.activeElement === document.body) root.querySelector("[tabindex='0']")?.focus();
}

export default function ({data, parentElement, setTriggerValue}) {
  const {picture, cells, page, pages, opened} = data;
  const old = parentElement.querySelector(".sheet");
  const focused = old?.contains(parentElement.getRootNode().activeElement);
  const state = parentElement.sheetState ??= {place: 0, asked: [], clicked: null, open: false};

  // Keys may come faster than pages: those that were asked for and are not there yet.
  const arrived = state.asked.indexOf(page);
  if (arrived >= 0) state.asked.splice(0, arrived + 1);
  else if (page !== state.page) state.asked = [];
  state.page = page;

  const sheet = document.createElement("div");
  sheet.className = "sheet";
  sheet.setAttribute("role", "group");
  sheet.setAttribute("aria-label", data.description);
  sheet.style.setProperty("--picture", `url(${picture})`);
  const buttons = cells.map(makeCell);
  sheet.append(...buttons);

  function point(place, focus) {
    buttons[state.place]?.setAttribute("tabindex", "-1");
    state.place = Math.max(0, Math.min(place, buttons.length - 1));
    buttons[state.place].tabIndex = 0;
    if (focus) buttons[state.place].focus();
  }

  function turn(by, place) {
    const next = (state.asked.at(-1) ?? page) + by;
    if (next < 1 || next > pages) return false;
    state.place = place;
    state.asked.push(next);
    setTriggerValue("turned", next);
    return true;
  }

  function move(by) {
    const place = state.place + by;
    if (place >= buttons.length && turn(1, 0)) return;
    if (place < 0 && turn(-1, Infinity)) return;
    point(place, true);
  }

  const keys = {
    ArrowRight: () => move(1),
    ArrowLeft: () => move(-1),
    ArrowDown: () => move(countColumns(buttons)),
    ArrowUp: () => move(-countColumns(buttons)),
    PageDown: () => turn(1, 0),
    PageUp: () => turn(-1, 0),
    Home: () => point(0, true),
    End: () => point(buttons.length - 1, true),
  };
  sheet.addEventListener("keydown", event => {
    if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  sheet.addEventListener("click", event => {
    const place = buttons.indexOf(event.target.closest("button"));
    if (place < 0) return;
    point(place);
    state.clicked = cells[place].key;
    setTriggerValue("opened", state.clicked);
  });

  old?.remove();
  parentElement.append(sheet);
  if (buttons.length) point(state.place, focused);

  // Not where the dialog was opened from elsewhere, as from the map.
  const wasOpen = state.open;
  state.open = opened !== null && (wasOpen || opened === state.clicked);
  if (wasOpen && !state.open) {
    const closed = cells.findIndex(cell => cell.key === state.clicked);
    state.clicked = null;
    if (closed < 0) return;
    point(closed);
    returnFocus(parentElement);
  }
}

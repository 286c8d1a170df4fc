// What both pages do, whichever way the values come.
const [pictures, rooms] = [document.querySelectorAll("[data-state]"), document.querySelectorAll("[name=room]")];
const [state, connection, test, name] = ["state", "connection", "test", "room"].map((id) => document.getElementById(id));

/** Shows a value: the text of the element, and the picture of its state. */
export function show(value) {
  test.textContent = JSON.stringify(value);
  const states = [...pictures].map((picture) => picture.dataset.state);
  const shown = states.includes(value.data) ? value.data : "unknown";
  for (const picture of pictures) picture.hidden = picture.dataset.state !== shown;
  if (state.textContent !== value.data) state.textContent = value.data;
}

/** Says whether values come, and why not. */
export function isConnected(is, why = "connecting") {
  connection.dataset.is = is ? "live" : "waiting";
  connection.textContent = is ? "live" : why;
}

/** Calls `join` with the room that is chosen, now and whenever another one is. It stays over a reload. */
export function onRoom(join) {
  const choose = () => {
    const chosen = [...rooms].find((room) => room.value === location.hash.slice(1)) ?? rooms[0];
    chosen.checked = true;
    name.textContent = chosen.value;
    for (const link of document.querySelectorAll("nav a")) link.hash = chosen.value;
    join(chosen.value);
  };
  for (const room of rooms) room.onchange = () => (location.hash = room.value);
  addEventListener("hashchange", choose);
  choose();
}

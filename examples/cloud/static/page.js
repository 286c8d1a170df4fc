// What both pages do, whichever way the values come.
const SILENT_MS = 3000; // a cloud is looked at once a second
const [pictures, rooms] = [document.querySelectorAll("[data-state]"), document.querySelectorAll("[name=room]")];
const [state, connection, test, name] = ["state", "connection", "test", "room"].map((id) => document.getElementById(id));
let [shownAt, lostWhy, triedAt, again] = [0, "", 0, () => {}];

/** Shows a value: the text of the element, and the picture of its state. */
export function show(value) {
  [shownAt, lostWhy] = [Date.now(), ""];
  test.textContent = JSON.stringify(value);
  const states = [...pictures].map((picture) => picture.dataset.state);
  const shown = states.includes(value.data) ? value.data : "unknown";
  for (const picture of pictures) picture.hidden = picture.dataset.state !== shown;
  if (state.textContent !== value.data) state.textContent = value.data;
  tell();
}

/** Says that no values come for now, and why. */
export function lost(why) {
  lostWhy = why;
  tell();
}

/** Calls `act` with the room that is chosen, again and again while no values come. */
export function onSilence(act) {
  again = act;
}

/** Calls `join` with the room that is chosen, now and whenever another one is. It stays over a reload. */
export function onRoom(join) {
  const choose = () => {
    const chosen = [...rooms].find((room) => room.value === location.hash.slice(1)) ?? rooms[0];
    chosen.checked = true;
    name.textContent = chosen.value;
    triedAt = Date.now();
    for (const link of document.querySelectorAll("nav a")) link.hash = chosen.value;
    join(chosen.value);
  };
  for (const room of rooms) room.onchange = () => (location.hash = room.value);
  addEventListener("hashchange", choose);
  choose();
}

function tell() {
  const silence = Date.now() - shownAt;
  const isLive = !lostWhy && silence < SILENT_MS;
  const why = lostWhy || (shownAt ? `no news for ${Math.round(silence / 1000)} s` : "connecting");
  if (silence > SILENT_MS && Date.now() - triedAt > SILENT_MS) {
    triedAt = Date.now();
    again(name.textContent);
  }
  connection.dataset.is = isLive ? "live" : "waiting";
  connection.textContent = isLive ? "live" : why;
}
setInterval(tell, 500);

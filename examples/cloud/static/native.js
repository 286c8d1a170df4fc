import { connect } from "/console/client.js";
import { lost, onRoom, onSilence, show } from "./page.js";

let client = connect();
let leave = () => {};

function join(room) {
  leave();
  const topic = client.topic(`live/cloud.${room}`);
  const tell = () => {
    const { value, error } = topic.getSnapshot();
    if (value?.value) show(value.value);
    if (error ?? value?.error) lost((error ?? value.error).message);
  };
  leave = topic.subscribe(tell);
  tell();
}

onRoom(join);
// The client comes back by itself, after pauses that grow up to 30 s. Where values come each second, it is tried sooner.
onSilence((room) => {
  leave();
  client.close();
  client = connect();
  join(room);
});

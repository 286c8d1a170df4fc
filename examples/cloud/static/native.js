import { connect } from "/console/client.js";
import { isConnected, onRoom, show } from "./page.js";

const client = connect();
let leave = () => {};

onRoom((room) => {
  leave();
  const topic = client.topic(`live/cloud.${room}`);
  const tell = () => {
    const { value, error } = topic.getSnapshot();
    if (value?.value) show(value.value);
    if (error ?? value?.error) isConnected(false, (error ?? value.error).message);
  };
  leave = topic.subscribe(tell);
  tell();
});

const connection = client.topic("connection");
connection.subscribe(() => isConnected(connection.getSnapshot().value));

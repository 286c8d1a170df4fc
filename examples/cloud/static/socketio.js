import { io } from "/socket.io-client.js";
import { lost, onRoom, onSilence, show } from "./page.js";

const socket = io("/test", { reconnectionDelayMax: 2000 });
let room;

socket.on("message", show);
socket.on("connect", () => socket.emit("join", { room }));
socket.on("disconnect", (why) => lost(why));
socket.on("connect_error", (error) => lost(error.message));

onRoom((chosen) => {
  room = chosen;
  if (socket.connected) socket.emit("join", { room });
});
onSilence(() => socket.disconnect().connect());

import { io } from "/socket.io-client.js";
import { isConnected, onRoom, show } from "./page.js";

const socket = io("/test", { reconnectionDelayMax: 2000 });
let room;

socket.on("message", show);
socket.on("connect", () => {
  isConnected(true);
  socket.emit("join", { room });
});
socket.on("disconnect", (why) => isConnected(false, why));
socket.on("connect_error", (error) => isConnected(false, error.message));

onRoom((chosen) => {
  room = chosen;
  if (socket.connected) socket.emit("join", { room });
});

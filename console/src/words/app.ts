export const app = {
  functions: "Functions",
  runs: "Runs",
  live: "Live",
  schedules: "Schedules",
  workers: "Workers",
  parts: "Parts of the console",
  skip: "Skip to the content",
  theme: { label: "Colours", auto: "As the system", light: "Light", dark: "Dark" },
  connection: {
    on: "Connected: what is new comes by itself",
    off: "Not connected. Trying again…",
    unknown: "Connecting…",
    back: "Connected again",
  },
  nowhere: {
    title: "There is no such page",
    text: "The address may be mistyped, or what it named is no longer there.",
    link: "To the functions",
  },
  deadLink: {
    title: "This link leads nowhere",
    text: "It was taken back, or the run that it led to is no longer kept. Ask whoever gave it to you for a new one.",
  },
  broken: { title: "This part of the page has failed", again: "Try again" },
  noWorker: {
    title: "Runs wait, and no worker is alive",
    text: "They are safe, and begin as soon as a worker is there. Start one with:",
  },
};

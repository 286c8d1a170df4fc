export const elements = {
  badParams: (text: string) => `params is no JSON object: ${text}`,
  unknown: (name: string) =>
    `The server has no function ${name}, or has it only for those who are signed in. Look at the attribute function.`,
};

/** Trouble that a person at the machine can end: the message is one line and says what is missing. */
export class SetupError extends Error {}

import { CommandError } from "../../ops/command/command.ts";

/** The machine lacks something, or it is in use. The message has one line and names the remedy. */
export class SetupError extends CommandError {}

/** Why the bench cannot run, or its figures would be worth nothing; one line for whoever started it. */
export class BenchTrouble extends Error {}

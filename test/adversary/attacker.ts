// One attack in a process of its own, of the lowest priority: the shop is to be slowed down by what
// the attack makes it do, not by the attacker's own use of the processor.

import { setPriority } from "node:os";
import { ATTACKS, type AttackName } from "./attacks.ts";
import type { Target } from "./target.ts";

const LOWEST_PRIORITY = 19;

setPriority(LOWEST_PRIORITY);
const [name, target] = process.argv.slice(2);
const over = new AbortController();
process.once("disconnect", () => over.abort());
await ATTACKS[name as AttackName].run(JSON.parse(target ?? "") as Target, over.signal);
process.exit(0);

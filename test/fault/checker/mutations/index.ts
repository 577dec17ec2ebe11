import { ORDER_MUTATIONS } from "./order.ts";
import { PARTICIPANT_MUTATIONS } from "./participants.ts";
import { PAY_MUTATIONS } from "./pay.ts";

export { DATA_MUTATIONS } from "./data.ts";

/** Grouped by service, so that one service at a time is restarted. */
export const CODE_MUTATIONS = [...ORDER_MUTATIONS, ...PARTICIPANT_MUTATIONS, ...PAY_MUTATIONS];

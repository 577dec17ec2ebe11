import { ORDER_MUTATIONS } from "./order.ts";
import { PARTICIPANT_MUTATIONS } from "./participants.ts";
import { PAY_MUTATIONS } from "./pay.ts";

export { DATA_MUTATIONS } from "./data.ts";

/** Those of one service one after the other, so that only that one is started anew. */
export const CODE_MUTATIONS = [...ORDER_MUTATIONS, ...PARTICIPANT_MUTATIONS, ...PAY_MUTATIONS];

import type { Fault } from "../fault.ts";
import { freezeBroker, longWithoutBroker, slowBroker, startWithoutBroker } from "./broker-away.ts";
import {
  isolateLeader,
  killLeader,
  noQuorum,
  partitionCluster,
  pauseLeader,
} from "./broker-cluster.ts";
import { fillBrokersDisk, limitStreams } from "./broker-full.ts";
import {
  failHandler,
  failHandlerForLong,
  hangHandler,
  poisonMessages,
  slowHandlers,
} from "./broker-handlers.ts";
import {
  delayMessages,
  doubleMessages,
  reorderMessages,
  repeatMessages,
} from "./broker-messages.ts";
import { cutBrokersPower, putOldStoreBack, wipeBroker } from "./broker-store.ts";
import { deleteDurable, deleteStream } from "./broker-stream.ts";

/** Faults of the broker and of the messages in it. */
export const BROKER_FAULTS: readonly Fault[] = [
  wipeBroker,
  putOldStoreBack,
  deleteStream,
  deleteDurable,
  limitStreams,
  slowBroker,
  freezeBroker,
  longWithoutBroker,
  startWithoutBroker,
  doubleMessages,
  reorderMessages,
  delayMessages,
  repeatMessages,
  failHandler,
  failHandlerForLong,
  hangHandler,
  slowHandlers,
  poisonMessages,
  cutBrokersPower,
  fillBrokersDisk,
  killLeader,
  pauseLeader,
  noQuorum,
  isolateLeader,
  partitionCluster,
];

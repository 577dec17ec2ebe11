// What goes wrong behind the gateway, and what it bounds in front: one shop, whose services are stopped.
import "./deadlines.ts";
import "./rates.ts";

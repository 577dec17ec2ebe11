// What one caller may send, whatever it is: files of their own, and one shop for all of them.
import "./bodies.ts";
import "./json.ts";
import "./strangers.ts";
import "./tokens.ts";

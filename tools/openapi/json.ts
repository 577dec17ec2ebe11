export type Json = { [key: string]: JsonValue };
export type JsonValue = string | number | boolean | null | Json | readonly JsonValue[];

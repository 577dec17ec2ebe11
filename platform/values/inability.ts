/** Why a part of the ground cannot do its work. */
export type Inability = {
  /** One short word, such as "read_only". Anyone may see it, so it names nothing of the setup. */
  cause: string;
  /** A sentence with the remedy, for the log. It may name users and hosts. */
  reason: string;
};

import { execFileSync } from "node:child_process";

/** The commit of this checkout and whether tracked files differ from it; "unknown" without git. */
export function checkedOut(): { commit: string; changed: boolean } {
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return { commit: git("rev-parse", "HEAD"), changed };
  } catch {
    return { commit: "unknown", changed: false };
  }
}

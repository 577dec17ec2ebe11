import { execFileSync } from "node:child_process";

/** The commit that this folder is at, and whether files of it differ; "unknown" where there is no git. */
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

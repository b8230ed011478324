/** A command that cannot start as it was typed: one line for the user, exit code 2, nothing spent. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

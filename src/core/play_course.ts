import { withWorstCase } from "./account.js";
import type { Account } from "./account.js";
import { Course } from "./course.js";
import type { UnitCall } from "./course.js";
import type { Method } from "./rounds.js";
import type { Outside } from "./solve.js";
import type { Reply, Solution } from "./types.js";
import type { Unit } from "./unit.js";

/**
 * Plays a course against a model: whenever a call may be sent, one is. What stops it
 * (a rejection, or `afterWave`) is passed on when nothing is in flight any more.
 */
export function playCourse<Message, Prompt>(
  questions: readonly string[],
  method: Method<Prompt>,
  account: Account,
  outside: Outside<Message, Prompt>,
): Promise<Solution<Message>[]> {
  const course = new Course<Message, Prompt>(questions, method, account, outside);
  const rereading = new Map<number, Promise<readonly Reply<Message>[]>>();
  let calls = 0;
  let tasks = 0;
  let failure: { error: unknown } | undefined;

  async function send(call: UnitCall<Message, Prompt>): Promise<void> {
    const { arm, request, round, unit } = call;
    const size = outside.inputTokens ? await outside.inputTokens(arm, request).catch(() => 0) : 0;
    const held = account.reserve(size);
    if (held === null) return course.postpone(call);
    let replies: readonly Reply<Message>[];
    try {
      await openingOf(unit);
      replies = await outside.generate(arm, request, round);
    } finally {
      account.release(held);
    }
    if (!course.book(call, withWorstCase(replies, held))) return;
    try {
      outside.afterWave([arm], course.fault);
    } catch (error) {
      // At once: nothing more may be closed as if all were well.
      failure ??= { error };
    }
  }

  function openingOf(unit: Unit<Message, Prompt>): Promise<void> {
    const { round, pulls, priority, state } = unit;
    return (unit.opening ??= outside.openUnit(state.arm, { round, pulls, priority }));
  }

  async function close(unit: Unit<Message, Prompt>): Promise<void> {
    const { arm } = unit.state;
    await outside.closeUnit(arm, course.close(unit, await rereadingOf(unit)));
  }

  /** One after another, where several units of an arm are over. */
  async function rereadingOf({ state: { arm }, round }: Unit<Message, Prompt>) {
    if (outside.rereads !== true) return undefined;
    const own = (rereading.get(arm.index) ?? Promise.resolve([])).then(
      async () => (await outside.reread?.(arm, round)) ?? arm.samples,
    );
    rereading.set(arm.index, own);
    return own;
  }

  return new Promise((resolve, reject) => {
    function start(task: Promise<void>, isCall: boolean): void {
      tasks += 1;
      if (isCall) calls += 1;
      const over = (): void => {
        tasks -= 1;
        if (isCall) calls -= 1;
        go();
      };
      task.then(over, (error: unknown) => {
        failure ??= { error };
        over();
      });
    }

    function go(): void {
      try {
        // What has failed is closed by whoever asked.
        for (let isFull = false; !isFull && failure === undefined;) {
          // Reading answers anew takes the place of the call that was the unit's last.
          for (const unit of course.takeOver()) start(close(unit), outside.rereads === true);
          const call = calls < outside.slots ? course.next() : null;
          if (call) start(send(call), true);
          isFull = call === null && !course.hasOver;
        }
      } catch (error) {
        failure ??= { error };
      }
      if (tasks > 0) return;
      if (failure) reject(failure.error as Error);
      else resolve(course.solutions());
    }

    go();
  });
}

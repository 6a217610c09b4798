/**
 * Questions of many callers as few round trips: what is asked while one is under way goes with the next, together.
 * A question is never older than its asking, so that an answer is as fresh as one of its own would be.
 */
export class Gathered<Question, Answer> {
  private waiting: {
    readonly question: Question;
    readonly resolve: (answer: Answer) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  private isAsking = false;

  /** `askAll` answers each question, in their order. */
  constructor(
    private readonly askAll: (questions: readonly Question[]) => Promise<readonly Answer[]>,
    private readonly atOnce = 200,
  ) {}

  /** Throws what the round trip throws that the question was part of. */
  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ question, resolve, reject });
      if (!this.isAsking) void this.askWaiting();
    });
  }

  private async askWaiting(): Promise<void> {
    this.isAsking = true;
    // A tick later, so that what is asked together goes together from the first.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const asked = this.waiting.splice(0, this.atOnce);
      try {
        const answers = await this.askAll(asked.map(({ question }) => question));
        asked.forEach(({ resolve }, index) => {
          resolve(answers[index]!);
        });
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.isAsking = false;
  }
}

/** The calls of one store that are under way: promises, and iterations that have begun and not ended. */
export class Calls {
  readonly #pending = new Set<Promise<unknown>>();
  readonly #iterations = new Set<(why: unknown) => Promise<unknown>>();

  /** Notes a call until it has ended. Who is given what this returns, and drops it, is told of a failure by Node. */
  note<T>(call: Promise<T>): Promise<T> {
    this.#pending.add(call);
    return call.finally(() => this.#pending.delete(call));
  }

  /** The same iteration, noted from its first step on. When `end` has ended it, who asks for more is thrown the reason. */
  iteration<T>(inner: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
    const { next, return: leave, throw: fail } = inner;
    let ending: Promise<unknown> | undefined;
    const end = (why: unknown) => {
      // After the step that is under way. Where what it delegates to cannot be thrown into, Node 24 throws its own error.
      ending = fail.call(inner, why).catch(() => {
        throw why;
      });
      return ending.catch(() => undefined);
    };
    const step = (result: Promise<IteratorResult<T, void>>) => {
      this.#iterations.add(end);
      return result.then(
        (next) => {
          if (next.done) this.#iterations.delete(end);
          return next;
        },
        (e: unknown) => {
          this.#iterations.delete(end);
          throw e;
        },
      );
    };
    return Object.assign(inner, {
      next: () => (ending === undefined ? step(next.call(inner)) : ending.then(() => next.call(inner))),
      return: () => step(leave.call(inner, undefined)),
      throw: (e: unknown) => step(fail.call(inner, e)),
    });
  }

  /** Waits for the calls that are under way, then ends the iterations for that reason. */
  async end(why: unknown): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    await Promise.all([...this.#iterations].map((end) => end(why)));
    this.#iterations.clear();
  }
}

/** An object whose methods note their calls. */
interface Noting {
  readonly calls: Calls;
}

type Method = (this: Noting, ...args: unknown[]) => Promise<unknown> | AsyncGenerator<unknown, void>;

function noted(method: Method): Method {
  return function (...args) {
    const call = method.apply(this, args);
    return call instanceof Promise ? this.calls.note(call) : this.calls.iteration(call);
  };
}

/** Makes every method of a class and its ancestors below `base` note its calls, so that none can forget it. */
export function noteCalls(of: { readonly prototype: Noting }, base: { readonly prototype: object }): void {
  for (let at: object = of.prototype; at !== base.prototype; at = Object.getPrototypeOf(at)) {
    const methods = Object.getOwnPropertyDescriptors(at) as Record<string, TypedPropertyDescriptor<Method>>;
    for (const [name, { value, ...rest }] of Object.entries(methods)) {
      if (value !== undefined && name !== 'constructor') {
        Object.defineProperty(at, name, { ...rest, value: noted(value) });
      }
    }
  }
}

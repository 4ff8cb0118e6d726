/** At most one window per namespace at a time; waiting attempts go in order. In memory: there is one leader. */
export interface NamespaceLocks {
  /** Resolves with the function that gives the lock back. */
  acquire(namespace: string): Promise<() => void>;
}

export function createNamespaceLocks(): NamespaceLocks {
  const tails = new Map<string, Promise<void>>();
  return {
    async acquire(namespace) {
      const before = tails.get(namespace) ?? Promise.resolve();
      let release = (): void => undefined;
      const mine = new Promise<void>((resolve) => {
        release = resolve;
      });
      const tail = before.then(() => mine);
      tails.set(namespace, tail);
      await before;
      return () => {
        release();
        if (tails.get(namespace) === tail) tails.delete(namespace);
      };
    },
  };
}

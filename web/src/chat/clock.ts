/** Time, so that tests can have their own. */
export interface Clock {
  /** Calls `act` after `ms`; returns how to call it off. */
  after(ms: number, act: () => void): () => void;
}

export const pageClock: Clock = {
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** Room for so many at once. */
export interface Slots {
  /** Waits for room. @returns how to give it back; the second time changes nothing */
  take(): Promise<() => void>;
}

/** More at work would keep the machine busier than any fault does, and the app's deadlines would be about that. */
const atWork = 10;

export function openSlots(): Slots {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const leave = () => {
    taken--;
    waiting.shift()?.();
  };
  return {
    async take() {
      if (taken >= atWork) await new Promise<void>((resolve) => waiting.push(resolve));
      taken++;
      let isTaken = true;
      return () => {
        if (isTaken) leave();
        isTaken = false;
      };
    },
  };
}

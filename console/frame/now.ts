import { useEffect, useState } from 'react';

/** The time in milliseconds since 1970, read anew every so often so that ages on the screen grow. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

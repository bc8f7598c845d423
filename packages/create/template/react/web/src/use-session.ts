import { onSession, type Me } from "entra-functions-bff/client";
import { useEffect, useState } from "react";

/** The account and its session; null if nobody is signed in, and undefined until that is known. */
export function useSession(): Me | null | undefined {
  const [session, setSession] = useState<Me | null>();
  useEffect(
    () =>
      onSession((status) => {
        if (status.state !== "unknown") setSession(status.state === "signed-in" ? status.me : null);
      }),
    [],
  );
  return session;
}

import { login, logout, request, signInFor } from "entra-functions-bff/client";
import { useEffect, useState } from "react";
import { useSession } from "./use-session.ts";

export function Home() {
  const session = useSession();
  if (session === undefined) return <main aria-busy="true" />;
  return (
    <main>
      <h1>{document.title}</h1>
      {session === null ? <SignedOut /> : <SignedIn />}
    </main>
  );
}

function SignedOut() {
  return (
    <>
      <p role="status">You are not signed in.</p>
      <button onClick={() => login()}>Sign in</button>
    </>
  );
}

function SignedIn() {
  const name = useDisplayName();
  return (
    <>
      <p role="status">{name === undefined ? "" : `Hello, ${name}.`}</p>
      <button onClick={() => void logout()}>Sign out</button>
    </>
  );
}

/** What the app's own function says about the person. */
function useDisplayName(): string | undefined {
  const [name, setName] = useState<string>();
  useEffect(() => {
    void request("/me/profile")
      .then(async (answer) => answer.json())
      .then(({ displayName }: { displayName: string }) => setName(displayName))
      .catch((error: unknown) => {
        if (!signInFor(error)) throw error;
      });
  }, []);
  return name;
}

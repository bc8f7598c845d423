/** The app roles that the registration offers to services, and to the apps of administrators. */
export const appRoles = {
  support: {
    value: "Sessions.Manage",
    displayName: "Manage sessions",
    description: "See and end the sessions of any person, and erase what is kept for the account.",
  },
} as const;

export type AppRole = keyof typeof appRoles;

/** The app roles that the registration offers to services, and to the apps of administrators. */
export const appRoles = {
  support: {
    value: "Sessions.Manage",
    displayName: "Manage sessions",
    description: "See and end the sessions of any person, and erase what is kept for the account.",
  },
  everybodyOut: {
    value: "Sessions.EndAll",
    displayName: "Sign everybody out",
    description: "Sign everybody out, or the people of one tenant, and take that back.",
  },
} as const;

export type AppRole = keyof typeof appRoles;

const WORDS: Readonly<Record<string, string>> = {
  oidc_refused: 'The identity provider did not confirm who you are. Try again; if it stays, tell the operator.',
  oidc_expired: 'It took too long, or was begun in another browser. Try again.',
  oidc_unverified: 'The identity provider does not vouch for your e-mail address. Have it verified there first.',
  oidc_domain: 'Addresses of your domain may not sign in here. Ask an owner of the workspace.',
  oidc_link_first: 'An account with your e-mail is there already. Sign in with its password, then link it under Settings, Your account.',
  oidc_not_invited: 'You are not a member of any workspace. Ask an owner for an invitation.',
  oidc_taken: 'This identity is linked to another account.',
};

/** Why a way through the identity provider ended, by the code in the address. */
export const identityProblem = (code: string): string => WORDS[code] ?? 'Try again.';

const NAME = 'stanzagate'

/** The token of a person who wants it kept for as long as the tab is open. */
export const kept = {
  get: () => sessionStorage.getItem(NAME),
  put: (token: string) => sessionStorage.setItem(NAME, token),
  drop: () => sessionStorage.removeItem(NAME),
}

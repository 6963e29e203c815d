/** First line of a run's log. @param losses leases that it lost before */
export const begins = (what: 'run' | 'replay', losses: number): string => `The ${what} begins${losses > 0 ? ` again, after ${losses === 1 ? 'a lost lease' : `${losses} lost leases`}` : ''}.`;

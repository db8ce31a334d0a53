import { Problem } from '../errors/problem.ts'
import type { Caller, Operation } from '../gateway/contract/operation.ts'

/** Throws scope-missing where a caller may not do what an operation does. Who may write may read too. */
export function checkScope({ scope }: Pick<Operation, 'scope'>, { scopes }: Pick<Caller, 'scopes'>): void {
  if (scope === null || scopes === 'all' || scopes.includes(scope)) return
  if (scopes.some((one) => one === scope.replace(/:read$/, ':write'))) return
  throw new Problem('scope-missing', `The token lacks the scope ${scope}.`)
}

import { Problem } from '../errors/problem.ts'
import type { Caller, Operation } from '../gateway/contract/operation.ts'
import type { Scope } from '../gateway/ports/scope.ts'

/** Who may write may read too. */
export function mayDo(scope: Scope, { scopes }: Pick<Caller, 'scopes'>): boolean {
  return scopes === 'all' || scopes.includes(scope) || scopes.some((one) => one === scope.replace(/:read$/, ':write'))
}

/** Throws scope-missing where a caller may not do what an operation does. */
export function checkScope({ scope }: Pick<Operation, 'scope'>, caller: Pick<Caller, 'scopes'>): void {
  if (scope === null || mayDo(scope, caller)) return
  throw new Problem('scope-missing', `The token lacks the scope ${scope}.`)
}

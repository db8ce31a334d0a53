import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

type Attributes = Record<string, unknown>

/** What a person types into a form: `given` by name, and `field` as the line of one. */
export function useFields<Name extends string>(
  empty: Readonly<Record<Name, string>>,
): {
  given: Readonly<Record<Name, string>>
  set(change: Partial<Record<Name, string>>): void
  field(name: Name, label: string, more?: Attributes): JSX.Element
} {
  const [given, setGiven] = useState(empty)
  const set = (change: Partial<Record<Name, string>>) => setGiven((before) => ({ ...before, ...change }))
  return {
    given,
    set,
    field: (name, label, more = {}) => (
      <label key={name}>
        {label}
        <input
          autocomplete="off"
          spellcheck={false}
          value={given[name]}
          onInput={({ currentTarget }) => set({ [name]: currentTarget.value } as Partial<Record<Name, string>>)}
          {...more}
        />
      </label>
    ),
  }
}

/** `a, b` as its parts. */
export const listOf = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)

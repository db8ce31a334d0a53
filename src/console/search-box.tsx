import { useState } from 'preact/hooks'
import { go, routeOfId } from './route.ts'

/** Finds what has an id: a message, a session, a webhook. What is pasted is looked at at once. */
export function SearchBox() {
  const [text, setText] = useState('')
  const [isUnknown, setUnknown] = useState(false)
  function look(id: string, isAsked: boolean): void {
    const route = routeOfId(id)
    setText(route === undefined ? id : '')
    setUnknown(route === undefined && isAsked)
    if (route) go(route)
  }
  return (
    <search>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          look(text, text !== '')
        }}
      >
        <input
          data-search
          type="search"
          aria-label="Look up an id"
          placeholder="msg_… or ses_…"
          autocomplete="off"
          spellcheck={false}
          aria-invalid={isUnknown}
          value={text}
          onInput={({ currentTarget }) => look(currentTarget.value.trim(), false)}
        />
        {isUnknown && (
          <span class="warning" role="status">
            {' '}
            That is no id.
          </span>
        )}
      </form>
    </search>
  )
}

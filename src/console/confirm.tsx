import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ProblemNote } from './problem-note.tsx'
import { useCall } from './use-call.ts'

/** Asks before something that cannot be taken back; where a name is to be typed, not before it is. */
export function Confirm({
  title,
  typed,
  action,
  onDone,
  onCancel,
  children,
}: {
  title: string
  /** what has to be typed */
  typed?: string
  action: { name: string; run: () => Promise<unknown> }
  onDone: () => void
  onCancel: () => void
  children?: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [text, setText] = useState('')
  const { problem, isBusy, run } = useCall()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-label={title} onClose={onCancel}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run(action.run).then((isDone) => isDone && onDone())
        }}
      >
        <h2>{title}</h2>
        {children}
        {typed !== undefined && (
          <label>
            Type {typed}
            <input autocomplete="off" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
          </label>
        )}
        <ProblemNote of={problem} />
        <p class="actions">
          <button type="submit" class="danger" disabled={isBusy || (typed !== undefined && text !== typed)}>
            {action.name}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </p>
      </form>
    </dialog>
  )
}

import { useEffect, useRef } from 'preact/hooks'

const keys: readonly (readonly [keys: string, what: string])[] = [
  ['g s', 'Sessions'],
  ['g w', 'Webhooks'],
  ['g t', 'Translate'],
  ['/', 'Search'],
  ['m', 'Write in the conversation'],
  ['← →', 'The tab beside, where a tab has the focus'],
  ['p', 'Pause the events, or go on'],
  ['c', 'Copy the cursor of the event that is open'],
  ['Ctrl Enter', 'Send or translate what is in the field'],
  ['Escape', 'Leave a field, close what is open'],
  ['?', 'This list'],
]

/** The keys of the page, in a dialog. */
export function KeyList({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-labelledby="keys" onClose={onClose}>
      <h2 id="keys">Keys</h2>
      <table>
        <tbody>
          {keys.map(([pressed, what]) => (
            <tr key={pressed}>
              <th scope="row">
                {pressed.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="actions">
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </p>
    </dialog>
  )
}

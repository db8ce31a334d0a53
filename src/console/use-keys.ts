import { useEffect } from 'preact/hooks'

/** ms in which the second key of two has to follow */
const WITHIN = 1_000

/** Keys of the page, but not while somebody writes. `s g` is g and then s. */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    let before = ''
    let at = 0
    const pressed = (event: KeyboardEvent) => {
      const { key, target, ctrlKey, metaKey, altKey } = event
      const isField = target instanceof HTMLElement && target.matches('input, textarea, select')
      if (isField && key === 'Escape') target.blur()
      if (isField || ctrlKey || metaKey || altKey) return
      const second = Date.now() - at < WITHIN ? keys[`${key} ${before}`] : undefined
      const found = second ?? keys[key]
      before = key
      at = Date.now()
      if (found === undefined) return
      event.preventDefault()
      found()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
}

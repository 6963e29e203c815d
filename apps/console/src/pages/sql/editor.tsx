import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { PostgreSQL, sql, type SQLNamespace } from '@codemirror/lang-sql';
import { HighlightStyle, bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorState, Prec, StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers, placeholder, type DecorationSet } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';

interface Props {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Ctrl+Enter, or ⌘ and Enter. */
  readonly onRun?: () => void;
  /** Columns by schema and table, for the completion. */
  readonly tables: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Where the statement is wrong: 1-based, in Unicode characters. */
  readonly wrongAt?: number | undefined;
  /** What stands there while it is empty. */
  readonly hint?: string;
}

const style = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: 'light-dark(#1f5c99, #8ec5ff)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'light-dark(#1b6b34, #9be0ac)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'light-dark(#8a3200, #ffc078)' },
  { tag: tags.comment, color: 'light-dark(#5c636a, #a6adb4)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.standard(tags.name)], color: 'light-dark(#6b3fa0, #d0b3ff)' },
]);

const theme = EditorView.theme({
  '&': { fontSize: '14px', backgroundColor: 'var(--mantine-color-body)', border: '1px solid var(--mantine-color-default-border)', borderRadius: 'var(--mantine-radius-md)' },
  '&.cm-focused': { outline: '2px solid var(--mantine-primary-color-filled)', outlineOffset: '-1px' },
  '.cm-content': { fontFamily: 'var(--mantine-font-family-monospace)', minHeight: '8em', caretColor: 'var(--mantine-color-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-scroller': { maxHeight: '45vh', overflow: 'auto' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--mantine-color-dimmed)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'light-dark(rgba(0,0,0,0.03), rgba(255,255,255,0.04))' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent' },
  '.cm-placeholder': { color: 'var(--mantine-color-dimmed)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'light-dark(#cfe6f5, #22485e) !important' },
  '.cm-tooltip': { backgroundColor: 'var(--mantine-color-body)', color: 'var(--mantine-color-text)', border: '1px solid var(--mantine-color-default-border)', zIndex: '300' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--mantine-primary-color-filled)', color: 'var(--mantine-primary-color-contrast, white)' },
  '.cm-wrong': { textDecoration: 'underline wavy light-dark(#c92a2a, #ff8787)', textUnderlineOffset: '3px', backgroundColor: 'light-dark(#ffe3e3, #5c1f1f)' },
});

const setWrong = StateEffect.define<number | undefined>();

/** The word at the position, or what stands before the end. */
function wordAt(state: EditorState, position: number): readonly [number, number] {
  const text = state.doc.toString();
  const from = Math.min([...text].slice(0, position - 1).join('').length, Math.max(0, text.length - 1));
  const word = /^\w+|^[^\s]/.exec(text.slice(from))?.[0] ?? ' ';
  return [from, Math.min(text.length, from + word.length)];
}

const wrong = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(setWrong)) continue;
      if (effect.value === undefined || transaction.state.doc.length === 0) return Decoration.none;
      const [from, to] = wordAt(transaction.state, effect.value);
      return Decoration.set([Decoration.mark({ class: 'cm-wrong' }).range(from, to)]);
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const language = (tables: Props['tables']) => sql({ dialect: PostgreSQL, upperCaseKeywords: false, schema: tables as unknown as SQLNamespace });

/** Writes SQL: completion of tables and columns, the wrong place marked, Ctrl+Enter runs. */
export default function SqlEditor({ label, value, onChange, onRun, tables, wrongAt, hint = 'select … from …' }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const completion = useRef(new Compartment());
  const calls = useRef({ onChange, onRun });
  calls.current = { onChange, onRun };

  useEffect(() => {
    if (place.current === null) return undefined;
    const editor = view.current = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => { calls.current.onRun?.(); return true; } }, { key: 'Tab', run: acceptCompletion }])),
          lineNumbers(), history(), drawSelection(), highlightActiveLine(), bracketMatching(), closeBrackets(), autocompletion({ icons: false }), wrong, theme, syntaxHighlighting(style), placeholder(hint), EditorView.lineWrapping,
          completion.current.of(language(tables)), EditorView.contentAttributes.of({ 'aria-label': label }),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          EditorView.updateListener.of(({ docChanged, state }) => { if (docChanged) calls.current.onChange(state.doc.toString()); }),
        ],
      }),
    });
    return () => { editor.destroy(); view.current = null; };
    // The editor is made once; what changes later is told to it below.
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor !== null && editor.state.doc.toString() !== value) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => { view.current?.dispatch({ effects: completion.current.reconfigure(language(tables)) }); }, [tables]);
  useEffect(() => { view.current?.dispatch({ effects: setWrong.of(wrongAt) }); }, [wrongAt]);

  return <div ref={place} />;
}

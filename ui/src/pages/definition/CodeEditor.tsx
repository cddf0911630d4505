import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState, type Text } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import type { DraftProblem } from '@/api/definitions';

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: '#0d5f66', fontWeight: '600' },
  { tag: [tags.string, tags.content], color: '#17222c' },
  { tag: [tags.number, tags.bool, tags.null], color: '#8a4b00' },
  { tag: tags.comment, color: '#5d6a78', fontStyle: 'italic' },
  { tag: [tags.separator, tags.brace, tags.squareBracket, tags.punctuation], color: '#5d6a78' },
  { tag: [tags.keyword, tags.meta, tags.labelName, tags.typeName], color: '#6a3d9a' },
]);

const look = EditorView.theme({
  '&': { fontSize: '13px', height: '100%', backgroundColor: '#fff' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '21px' },
  '.cm-content': { padding: '10px 0', caretColor: '#0d5f66' },
  '.cm-gutters': { backgroundColor: '#f8f9fb', color: '#5d6a78', borderRight: '1px solid #e7ebef' },
  '.cm-activeLine': { backgroundColor: '#f2f7f7' },
  '.cm-activeLineGutter': { backgroundColor: '#e3f0f0', color: '#0d5f66' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 8px 0 10px' },
  '.cm-tooltip': { border: '1px solid #d5dbe1', borderRadius: '8px', backgroundColor: '#fff', maxWidth: 'min(420px, 90vw)' },
  '.cm-diagnostic': { padding: '6px 10px', fontFamily: 'var(--font)' },
});

/** EditorHandle moves the cursor to a problem. */
export interface EditorHandle {
  show: (problem: DraftProblem) => void;
}

interface CodeEditorProps {
  text: string; // what the editor begins with; a new text replaces what is written
  label: string;
  help: string; // id of the element that tells how to leave the editor by keyboard
  problems: DraftProblem[];
  onChange: (text: string) => void;
  handle?: Ref<EditorHandle>;
}

/** CodeEditor edits YAML, with line numbers and with problems at their line. */
export function CodeEditor({ text, label, help, problems, onChange, handle }: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useRef(onChange);
  changed.current = onChange;

  useEffect(() => {
    const editor = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          indentUnit.of('  '),
          bracketMatching(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          EditorView.lineWrapping,
          yaml(),
          syntaxHighlighting(colours),
          look,
          keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
          EditorView.contentAttributes.of({ 'aria-label': label, 'aria-describedby': help, spellcheck: 'false', tabindex: '0', autocapitalize: 'off', autocorrect: 'off' }),
          EditorView.updateListener.of((u) => {
            if (u.docChanged) changed.current(u.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, [text, label, help]);

  useEffect(() => {
    const editor = view.current;
    if (editor) editor.dispatch(setDiagnostics(editor.state, problems.map((p) => diagnostic(editor.state.doc, p))));
  }, [problems, text, label, help]);

  useImperativeHandle(handle, () => ({
    show: (problem) => {
      const editor = view.current;
      if (!editor) return;
      const { from } = diagnostic(editor.state.doc, problem);
      editor.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
      editor.focus();
    },
  }));

  return <div ref={place} className="code-editor" />;
}

/** diagnostic puts a problem where it stands: from its column to the end of that entry. */
function diagnostic(doc: Text, p: DraftProblem): Diagnostic {
  const line = doc.line(Math.min(Math.max(p.line, 1), doc.lines));
  // Columns count characters, the editor counts UTF-16 units.
  const start = [...line.text].slice(0, (p.column ?? 1) - 1).join('').length;
  const rest = line.text.slice(start);
  const flow = /[{[]/.test(line.text.slice(0, start));
  const length = (flow ? /^[^,}\]]*/.exec(rest)![0] : rest.replace(/\s+(#.*)?$/, '')).length;
  const from = line.from + start;
  return { from, to: Math.max(from, from + length), severity: 'error', message: p.hint ? `${p.message}\n${p.hint}` : p.message };
}

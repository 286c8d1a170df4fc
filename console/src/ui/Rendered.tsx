import { Lexer, type MarkedToken, type Token, type Tokens } from "marked";
import { createElement, Fragment, type ReactNode } from "react";

/** Addresses to which a text may lead. */
const SAFE = /^(https?:|mailto:|[/#?.]|[^:]*$)/i;

/** Markdown as elements. HTML in it is shown as the text that it is; pictures become links to them. */
export default function Rendered({ text }: { text: string }) {
  return <>{all(new Lexer({ gfm: true }).lex(text))}</>;
}

function all(tokens: Token[] | undefined): ReactNode {
  return tokens?.map((token, place) => <Fragment key={place}>{one(token as MarkedToken)}</Fragment>);
}

function one(token: MarkedToken): ReactNode {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return createElement(`h${Math.min(token.depth + 1, 6)}`, null, all(token.tokens));
    case "paragraph":
      return <p>{all(token.tokens)}</p>;
    case "code":
      return (
        <pre tabIndex={0}>
          <code>{token.text}</code>
        </pre>
      );
    case "blockquote":
      return <blockquote>{all(token.tokens)}</blockquote>;
    case "list":
      return createElement(
        token.ordered ? "ol" : "ul",
        token.ordered && token.start !== "" ? { start: token.start } : null,
        token.items.map((item, place) => <li key={place}>{all(item.tokens)}</li>),
      );
    case "table":
      return table(token);
    case "hr":
      return <hr />;
    case "br":
      return <br />;
    case "strong":
      return <strong>{all(token.tokens)}</strong>;
    case "em":
      return <em>{all(token.tokens)}</em>;
    case "del":
      return <del>{all(token.tokens)}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "link":
      return link(token.href, all(token.tokens));
    case "image":
      return link(token.href, token.text || token.href);
    case "text":
      return token.tokens ? all(token.tokens) : token.text;
    default:
      return "text" in token ? token.text : token.raw;
  }
}

function link(href: string, text: ReactNode): ReactNode {
  if (!SAFE.test(href.trim())) return text;
  return (
    <a href={href} rel="noopener noreferrer" target="_blank">
      {text}
    </a>
  );
}

function table({ header, rows }: Tokens.Table): ReactNode {
  return (
    <div className="scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {header.map((cell, place) => (
              <th key={place} scope="col">
                {all(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={place}>
              {row.map((cell, column) => (
                <td key={column}>{all(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

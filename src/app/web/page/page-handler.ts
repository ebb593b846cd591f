/** The web page: login, pages, forms. Every change is a form of our own, sent by POST; the answer leads to a page. */
import { HttpError, type HttpHandler, type HttpRequest, type HttpResponse } from "../../../http/message.js";
import type { LoginDelay } from "../../../mail/login-delay.js";
import type { Authenticator } from "../../../mail/sasl.js";
import { CommandError, type ControlMethods, callMethod } from "../../control/messages.js";
import { ACTIONS, parametersOf } from "./actions.js";
import { findAsset } from "./assets.js";
import { cookie, LANGUAGE_COOKIE, readCookie, SESSION_COOKIE } from "./cookies.js";
import { layout } from "./layout.js";
import { findPage } from "./routes.js";
import { isSame, type Session, type Sessions } from "./sessions.js";
import { chooseLanguage, createTranslator, LANGUAGES, type Translator } from "./translator.js";
import type { Page, ShownSettings, View } from "./view.js";
import { loginPage } from "./views/login.js";
import { setupFile } from "./views/setup.js";

export interface PageOptions {
  readonly methods: ControlMethods;
  readonly authenticator: Pick<Authenticator, "authenticate">;
  readonly delay: LoginDelay;
  readonly sessions: Sessions;
  /** What views are made from, apart from who asks. */
  readonly surroundings: () => Pick<View, "domain" | "samples" | "now"> & {
    readonly log: readonly string[];
    readonly settings: ShownSettings;
  };
  /** Whether that user may see what concerns all: whoever set the bridge up. */
  readonly isOwner: (user: string) => boolean;
}

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const MAX_FORM = 64 * 1024;

export function createPageHandler(options: PageOptions): HttpHandler {
  return (request) => new Answer(options, request).make();
}

/** The answer to one request. */
class Answer {
  readonly #words: Translator;
  readonly #cookieId: string | null;
  readonly #session: Session | null;

  constructor(
    private readonly options: PageOptions,
    private readonly request: HttpRequest,
  ) {
    const chosen = readCookie(request, LANGUAGE_COOKIE);
    this.#words = createTranslator(chooseLanguage(chosen, request.header("accept-language")));
    this.#cookieId = readCookie(request, SESSION_COOKIE);
    this.#session = options.sessions.find(this.#cookieId);
  }

  async make(): Promise<HttpResponse> {
    const { method, path } = this.request;
    try {
      if (method === "GET" || method === "HEAD") return await this.#show(path);
      if (method === "POST") return await this.#take(path);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return this.#problem(error);
    }
    throw new HttpError(405, "This method is not served here.", { Allow: "GET, HEAD, POST" });
  }

  async #show(path: string): Promise<HttpResponse> {
    const asset = findAsset(path);
    if (asset !== null) return asset;
    if (path === "/language") return this.#chooseLanguage();
    if (path === "/login") return this.#session === null ? this.#loginForm(200, "", null) : redirect("/");
    const page = findPage(path);
    const file = /^\/setup\/([a-z0-9]+)$/.exec(path)?.[1];
    if (file !== undefined && this.#session !== null) return setupFile(this.#view(this.#session), file);
    if (this.#session === null) return page === null ? this.#notFound() : redirect("/login");
    if (page === null) return this.#notFound();
    const notice = this.#takeNotice(this.#session);
    return this.#page(200, await page(this.#view(this.#session)), notice);
  }

  /** Told once, to somebody who looks: not to the script that keeps a page up to date. */
  #takeNotice(session: Session): Session["notice"] {
    const { notice } = session;
    if ((this.request.header("sec-fetch-dest") ?? "document") === "document") session.notice = null;
    return notice;
  }

  async #take(path: string): Promise<HttpResponse> {
    const form = await this.#readForm();
    if (path === "/login") return this.#login(form);
    if (this.#session === null) return redirect("/login");
    if (!isSame(form.get("token") ?? "", this.#session.formToken))
      throw new HttpError(403, this.#words.text("problem.form"));
    if (path === "/logout") return this.#logout();
    if (path === "/password") return this.#changePassword(this.#session, form);
    const action = ACTIONS.get(path);
    if (action === undefined) return this.#notFound();
    const done = this.#words.text(action.done);
    return this.#do(this.#session, action.back, done, (view) =>
      view.call(action.method, parametersOf(action, form)),
    );
  }

  /** Does something and leads to a page that tells how it went. */
  async #do(
    session: Session,
    back: string,
    done: string,
    work: (view: View) => Promise<unknown>,
  ): Promise<HttpResponse> {
    try {
      await work(this.#view(session));
      session.notice = { kind: "done", text: done };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      session.notice = { kind: "failed", text: error.message };
    }
    return redirect(back);
  }

  async #login(form: URLSearchParams): Promise<HttpResponse> {
    const { sessions, delay, authenticator } = this.options;
    const username = form.get("user")?.trim() ?? "";
    if (!sessions.isLoginToken(form.get("token") ?? ""))
      return this.#loginForm(403, username, this.#words.text("problem.form"));
    const { remoteAddress } = this.request;
    await delay.beforeAttempt(remoteAddress, username);
    const user = await authenticator.authenticate({
      username,
      password: form.get("password") ?? "",
      remoteAddress,
    });
    if (user === null) {
      delay.failed(remoteAddress, username);
      return this.#loginForm(403, username, this.#words.text("login.wrong"));
    }
    delay.succeeded(remoteAddress, username);
    sessions.end(this.#cookieId);
    return redirect("/", { "Set-Cookie": cookie(this.request, SESSION_COOKIE, sessions.begin(user.name)) });
  }

  #logout(): HttpResponse {
    this.options.sessions.end(this.#cookieId);
    return redirect("/login", { "Set-Cookie": cookie(this.request, SESSION_COOKIE, "", 0) });
  }

  /** Whoever sits at an open page does not know the password yet; other sessions end with the old one. */
  async #changePassword(session: Session, form: URLSearchParams): Promise<HttpResponse> {
    const { authenticator, delay, sessions } = this.options;
    const { remoteAddress } = this.request;
    const { user } = session;
    await delay.beforeAttempt(remoteAddress, user);
    const password = form.get("current") ?? "";
    if ((await authenticator.authenticate({ username: user, password, remoteAddress })) === null) {
      delay.failed(remoteAddress, user);
      session.notice = { kind: "failed", text: this.#words.text("login.wrong") };
      return redirect("/setup");
    }
    delay.succeeded(remoteAddress, user);
    const wanted = { name: user, password: form.get("password") ?? "" };
    const done = this.#words.text("done.password");
    await this.#do(session, "/setup", done, () =>
      callMethod(this.options.methods, { id: 0, method: "user.passwd", params: wanted }),
    );
    if (session.notice?.kind !== "done") return redirect("/setup");
    const id = sessions.begin(user);
    const next = sessions.find(id);
    if (next !== null) next.notice = session.notice;
    return redirect("/setup", { "Set-Cookie": cookie(this.request, SESSION_COOKIE, id) });
  }

  #chooseLanguage(): HttpResponse {
    const wanted = this.request.query.get("to") ?? "";
    const back = this.request.query.get("back") ?? "/";
    const isKnown = (LANGUAGES as readonly string[]).includes(wanted);
    const target = back === "/login" || findPage(back) !== null ? back : "/";
    if (!isKnown) return redirect(target);
    return redirect(target, { "Set-Cookie": cookie(this.request, LANGUAGE_COOKIE, wanted, 365 * 86_400) });
  }

  #loginForm(status: number, user: string, problem: string | null): HttpResponse {
    const page = loginPage(this.#words, this.options.sessions.loginToken(), user);
    return this.#page(status, page, problem === null ? null : { kind: "failed", text: problem });
  }

  #notFound(): HttpResponse {
    return this.#problem(new HttpError(404, this.#words.text("not-found")));
  }

  #problem(error: HttpError): HttpResponse {
    const page = { title: this.#words.text("problem.title"), content: null };
    return this.#page(error.status, page, { kind: "failed", text: error.message });
  }

  #page(status: number, { title, content }: Page, notice: Session["notice"]): HttpResponse {
    const user = this.#session?.user ?? null;
    const body = layout({
      words: this.#words,
      user,
      formToken: this.#session?.formToken ?? "",
      title,
      path: this.request.path,
      notice,
      content,
      isOwner: user !== null && this.options.isOwner(user),
    });
    const headers = {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": POLICY,
      "Content-Language": this.#words.language,
    };
    return { status, headers, body };
  }

  #view({ user, formToken }: Session): View {
    const { surroundings, methods, isOwner } = this.options;
    const around = surroundings();
    return {
      ...around,
      user,
      formToken,
      words: this.#words,
      query: this.request.query,
      log: isOwner(user) ? around.log : null,
      settings: isOwner(user) ? around.settings : null,
      // Whatever a form says: only what is the user's own.
      call: (method, parameters = {}) =>
        callMethod(methods, { id: 0, method, params: { ...parameters, user } }),
    };
  }

  async #readForm(): Promise<URLSearchParams> {
    const type = (this.request.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
    if (type !== "application/x-www-form-urlencoded")
      throw new HttpError(415, this.#words.text("problem.form"));
    return new URLSearchParams(Buffer.from(await this.request.body(MAX_FORM)).toString("utf8"));
  }
}

/** See other: what is shown next is asked for by GET. */
function redirect(location: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status: 303, headers: { Location: location, ...headers } };
}

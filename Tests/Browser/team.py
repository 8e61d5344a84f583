"""Who belongs to a team: invitations, members, and what a role may do on the page."""

from playwright.sync_api import expect

OWN_WAYS = ("Overview", "Incidents", "Sessions", "Agents", "Maintenance", "Silences", "Retention")
WAYS = """[...document.querySelectorAll("nav a")].filter((link) => link.offsetParent)
  .map((link) => link.innerText.split("\\n")[0])"""
FORBIDDEN = (
    ("POST", "/maintenance", {"reason": "no", "from": "2030-01-01T00:00:00Z", "to": "2030-01-01T01:00:00Z",
                              "labels": {"a": "b"}}),
    ("POST", "/silences", {"reason": "no", "to": "2030-01-01T01:00:00Z", "severity": "info"}),
    ("POST", "/invitations", {"role": "admin"}),
    ("GET", "/members", None),
    ("PATCH", "/retention", {"row_days": 1}),
    ("GET", "/tenants", None),
    ("POST", "/tenants", {"name": "no"}),
)


def row(world, kind, text):
    return world.page.locator(f"table.{kind} tbody tr").filter(has_text=text)


def choose(world, kind, text, item):
    row(world, kind, text).get_by_role("button").click()
    world.page.get_by_role("menuitem", name=item).click()
    return world.page.get_by_role("dialog")


def invite(world, email, role):
    """Invites somebody on the page, and returns the link that is to be handed over."""
    world.button("Invite somebody").click()
    dialog = world.page.get_by_role("dialog", name="Invite somebody")
    dialog.get_by_label("Email").fill(email)
    dialog.get_by_label("Role").select_option(role)
    dialog.get_by_role("button", name="Make invitation").click()
    return dialog


def keeps(page, link):
    """Whether what a link holds is still in the address, the history or the storage of a page."""
    places = "JSON.stringify([location.href, navigation.entries().map((entry) => entry.url), sessionStorage])"
    return link.rsplit("/", 1)[1] in page.evaluate(places)


def handed_over(world, title="Invitation"):
    dialog = world.page.get_by_role("dialog", name=title)
    link = dialog.get_by_label("Link").input_value()
    dialog.get_by_role("button", name="Done").click()
    return link


def open_invitations(world):
    return [one.get("email") for one in world.admin.get("/invitations")["invitations"]]


def invites(world):
    """invites somebody with a role, says what is wrong with an address, and shows the link once"""
    world.go("Team")
    dialog = invite(world, "nonsense", "viewer")
    expect(dialog.get_by_role("alert")).to_have_text("Must be an address such as ann@example.org")
    world.look("invite")
    dialog.get_by_label("Email").fill(world.member.email)
    dialog.get_by_role("button", name="Make invitation").click()
    expect(world.page.get_by_label("Link")).to_be_visible()
    world.look("invitation")
    world.link = handed_over(world)
    expect(row(world, "invitations", world.member.email)).to_contain_text("viewer")
    assert world.member.email in open_invitations(world)
    world.look("team")


def takes_back(world):
    """takes an invitation back after asking"""
    other = f"other-{world.member.email}"
    invite(world, other, "admin")
    link = handed_over(world)
    assert other in open_invitations(world)
    choose(world, "invitations", other, "Take back…").get_by_role("button", name="Take it back").click()
    expect(row(world, "invitations", other)).to_have_count(0)
    assert other not in open_invitations(world)
    page = world.member.open(link)
    expect(page.get_by_role("alert")).to_contain_text("was used, or is over")
    page.get_by_role("link", name="Go to the sign-in").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    world.member.close()


def joins(world):
    """lets somebody join by the link, with a good password, and says which team and as what"""
    page = world.visit = world.member.open(world.link)
    team = world.admin.get("/tenant")["name"]
    expect(page.get_by_role("heading", level=1, name=f"Join {team}")).to_be_visible()
    expect(page.get_by_text("You are invited as viewer.")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(world.member.email)
    assert not keeps(page, world.link), "the token stays"
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("alert")).to_have_text("Must have 8 characters or more")
    world.check(page, "join")
    page.get_by_label("Password").fill(world.member.password)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()
    assert world.member.get("/auth/me")["role"] == "viewer"
    world.page.reload()
    expect(row(world, "members", world.member.email)).to_contain_text("viewer")
    expect(row(world, "invitations", world.member.email)).to_have_count(0)


def keeps_forms_from_viewers(world):
    """shows a viewer no form that the server would refuse, and the server refuses"""
    page = world.visit
    planned = {**FORBIDDEN[0][2], "reason": f"{world.name} to read"}
    assert world.admin.call("POST", "/maintenance", planned).ok
    expect(page.locator(".person")).to_contain_text("viewer")
    assert page.evaluate(WAYS) == [*OWN_WAYS], page.evaluate(WAYS)
    for view in ("Maintenance", "Silences", "Retention"):
        page.get_by_role("navigation").get_by_role("link", name=view).click()
        expect(page.get_by_role("heading", level=1, name=view)).to_be_visible()
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        if view == "Maintenance":
            expect(page.locator("table.spans")).to_contain_text(f"{world.name} to read")
        for button in page.locator("main").get_by_role("button").all():
            assert button.inner_text().startswith("Show "), button.inner_text()
    expect(page.locator("[data-resolution=row_days]")).to_contain_text("days")
    for path in ("team", "tenants"):
        page.goto(f"{world.url}/#/{path}")
        expect(page.get_by_text("Not for your role")).to_be_visible()
        expect(page.locator("main").get_by_role("button")).to_have_count(0)
    for method, path, body in FORBIDDEN:
        answer = world.member.call(method, path, body)
        assert answer.status == 403, f"{method} {path}: {answer.status}"


def changes_role(world):
    """changes a member's role, which that one's page follows by itself"""
    dialog = choose(world, "members", world.member.email, "Change role…")
    dialog.get_by_label("Role").select_option("editor")
    world.look("role")
    dialog.get_by_role("button", name="Change role").click()
    expect(row(world, "members", world.member.email)).to_contain_text("editor")
    assert world.member.get("/auth/me")["role"] == "editor"
    expect(world.visit.locator(".person")).to_contain_text("editor")
    world.visit.get_by_role("navigation").get_by_role("link", name="Maintenance").click()
    expect(world.visit.get_by_role("button", name="Plan maintenance").first).to_be_visible()


def keeps_the_last_administrator(world):
    """says why the last administrator cannot become less"""
    dialog = choose(world, "members", world.options.email, "Change role…")
    dialog.get_by_label("Role").select_option("viewer")
    dialog.get_by_role("button", name="Change role").click()
    expect(dialog.get_by_role("alert")).to_have_text("the last administrator of a tenant has to stay")
    world.page.keyboard.press("Escape")
    expect(row(world, "members", world.options.email)).to_contain_text("admin")


def resets_a_password(world):
    """makes a link by which a member sets a new password, once"""
    dialog = choose(world, "members", world.member.email, "Reset password…")
    dialog.get_by_role("button", name="Make link").click()
    link = handed_over(world, "New password")
    page, old = world.visit, world.member.password
    page.goto(link)
    page.get_by_label("New password").fill("short")
    assert not keeps(page, link), "the token stays"
    page.get_by_label("again").fill("shorter")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("alert")).to_have_text("Is not the same")
    page.get_by_label("again").fill("short")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("alert")).to_have_text("Must have 8 characters or more")
    world.check(page, "reset")
    world.member.password = f"another {old}"
    for label in ("New password", "again"):
        page.get_by_label(label).fill(world.member.password)
    page.get_by_role("button", name="Set password").click()
    expect(page.locator(".toast")).to_have_text("The password is set, and all sign-ins have ended")
    expect(page.get_by_role("alert")).to_have_text("Your session has ended. Sign in again.")
    page.get_by_label("Email").fill(world.member.email)
    page.get_by_label("Password").fill(world.member.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".person")).to_contain_text(world.member.email)
    answer = world.member.post("/auth/login", {"email": world.member.email, "password": old})
    assert answer.status == 401, answer.status
    answer = world.member.post("/auth/reset", {"token": link.rsplit("/", 1)[1], "new_password": old})
    assert answer.status == 400, answer.status


def removes_a_member(world):
    """removes a member after asking, whose page ends"""
    world.go("Team")
    dialog = choose(world, "members", world.member.email, "Remove…")
    dialog.get_by_role("button", name="Remove member").click()
    expect(row(world, "members", world.member.email)).to_have_count(0)
    emails = [member["email"] for member in world.admin.get("/members")["members"]]
    assert world.member.email not in emails, emails
    expect(world.visit.get_by_role("button", name="Sign in")).to_be_visible()
    assert world.member.sign_in().status == 401
    assert not world.member.witness.foreign, world.member.witness.foreign
    world.member.close()


TEAM_STEPS = [
    invites, takes_back, joins, keeps_forms_from_viewers, changes_role, keeps_the_last_administrator,
    resets_a_password,
]
LEAVING_STEPS = [removes_a_member]

"""Teams of the installation, and how long is kept what they measure."""

from playwright.sync_api import expect

from team import choose, handed_over, keeps, row


def tenant(world):
    return next((one for one in world.admin.get("/tenants")["tenants"] if one["name"] == world.name), None)


def makes_a_tenant(world):
    """makes a tenant, with an invitation for its administrator"""
    world.go("Tenants")
    world.button("Make a tenant").click()
    dialog = world.page.get_by_role("dialog", name="Make a tenant")
    dialog.get_by_role("button", name="Make tenant").click()
    expect(dialog.get_by_role("alert")).to_have_text("Is missing")
    dialog.get_by_label("Name").fill(world.name)
    dialog.get_by_role("button", name="Make tenant").click()
    world.link = handed_over(world)
    expect(row(world, "tenants", world.name)).to_contain_text("In use")
    assert "suspended_at" not in tenant(world)
    world.look("tenants")


def joins_another(world):
    """lets who is signed in join another team by its link, and go on there"""
    page = world.visit
    page.goto(world.link)
    expect(page.get_by_role("heading", level=1, name=f"Join {world.name}")).to_be_visible()
    expect(page.get_by_text("You are invited as admin.")).to_be_visible()
    assert not keeps(page, world.link), "the token stays"
    world.check(page, "accept")
    expect(page.get_by_text(f"You are signed in as {world.member.email}")).to_be_visible()
    page.get_by_role("button", name="Join the team").click()
    expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()
    expect(page.locator(".person")).to_contain_text(f"admin · {world.name}")
    expect(page.get_by_text("Nothing is watched yet")).to_be_visible()
    # This one's next calls of the API are for the same team.
    assert world.member.sign_in().ok
    page.get_by_role("navigation").get_by_role("link", name="Team").click()
    expect(page.locator("table.members tbody tr")).to_have_count(1)
    expect(page.get_by_role("navigation").get_by_role("link", name="Tenants")).to_have_count(0)


def switches_teams(world):
    """goes from one team to another and back, and leaves nothing of the one before on the page"""
    page = world.visit
    for name, role in (("Default", "editor"), (world.name, "admin")):
        page.evaluate("window.isBefore = true")
        # The page must not wait for the answer to learn that it is in another team.
        page.route("**/auth/me", lambda route: route.abort())
        page.get_by_role("button", name="Switch team").click()
        page.get_by_role("menuitem", name=name).click()
        page.wait_for_function("() => window.isBefore === undefined")
        expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()
        shown = page.get_by_role("link", name=world.name, exact=True)
        expect(shown).to_have_count(1 if name == "Default" else 0)
        page.unroute("**/auth/me")
        expect(page.locator(".person")).to_contain_text(f"{role} · {name}")


def offers_no_refused_reset(world):
    """offers an administrator no reset of the password of who is in other teams, too"""
    page = world.visit
    page.get_by_role("navigation").get_by_role("link", name="Team").click()
    page.locator("table.members tbody tr").get_by_role("button").click()
    expect(page.get_by_role("menuitem")).to_have_text(["Change role…", "Remove…"])
    page.keyboard.press("Escape")


def says_why_it_waits(world):
    """says why it cannot show a view that depends on the role, and tries again"""
    page = world.visit
    page.route("**/auth/tenants", lambda route: route.fulfill(status=503, json={"detail": "not just now"}))
    page.get_by_role("navigation").get_by_role("link", name="Silences").click()
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("not just now")
    page.unroute("**/auth/tenants")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No silences now or planned")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Team").click()


def renames_its_team(world):
    """lets an administrator who is no operator rename the team"""
    page = world.visit
    page.get_by_role("button", name="Rename").click()
    dialog = page.get_by_role("dialog", name="Rename the team")
    dialog.get_by_label("Name").fill("")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Must have 1 to 100 characters")
    dialog.get_by_label("Name").fill(f"{world.name} renamed")
    dialog.get_by_role("button", name="Rename").click()
    expect(page.locator(".page-head")).to_contain_text(f"{world.name} renamed")
    assert world.member.get("/tenant")["name"] == f"{world.name} renamed"
    assert world.member.call("PATCH", "/tenant", {"name": world.name}).ok


def limits_a_tenant(world):
    """limits how long a tenant may have things kept, after a warning"""
    id = tenant(world)["id"]
    dialog = choose(world, "tenants", world.name, "Retention…")
    dialog.get_by_label("Measurements, days").fill("7")
    dialog.get_by_role("button", name="Change retention").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Must be ticked")
    world.look("tenant-retention")
    dialog.get_by_role("checkbox").check()
    dialog.get_by_label("Sums by minute, days").fill("5")
    dialog.get_by_role("button", name="Change retention").click()
    expect(dialog.get_by_role("alert")).to_have_text("Must be at least Measurements, which is 7")
    expect(dialog.get_by_label("Sums by minute, days")).to_be_focused()
    dialog.get_by_label("Sums by minute, days").fill("14")
    dialog.get_by_role("button", name="Change retention").click()
    expect(dialog).to_be_hidden()
    limit = world.admin.get(f"/tenants/{id}/retention")["limit"]
    assert (limit["row_days"], limit["minute_days"]) == (7, 14), limit
    page = world.visit
    page.get_by_role("navigation").get_by_role("link", name="Retention").click()
    expect(page.locator("[data-resolution=row_days]")).to_contain_text("7 days")


def suspends_a_tenant(world):
    """suspends a tenant after asking, whose members go on in what they have left, and resumes it"""
    dialog = choose(world, "tenants", world.name, "Suspend…")
    dialog.get_by_role("button", name="Suspend tenant").click()
    expect(row(world, "tenants", world.name)).to_contain_text("Suspended")
    assert "suspended_at" in tenant(world)
    assert world.member.get("/auth/me")["tenant"] != tenant(world)["id"]
    page = world.visit
    expect(page.get_by_role("alert")).to_have_text("Your session has ended. Sign in again.")
    page.get_by_label("Email").fill(world.member.email)
    page.get_by_label("Password").fill(world.member.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".person")).to_contain_text("editor · Default")
    choose(world, "tenants", world.name, "Resume")
    expect(row(world, "tenants", world.name)).to_contain_text("In use")
    assert "suspended_at" not in tenant(world)


def deletes_a_tenant(world):
    """deletes a tenant when its name is typed, and offers that of no tenant that has to stay"""
    row(world, "tenants", "The one you are in").get_by_role("button").click()
    expect(world.page.get_by_role("menuitem")).to_have_text(["Retention…"])
    world.page.keyboard.press("Escape")
    dialog = choose(world, "tenants", world.name, "Delete…")
    dialog.get_by_role("button", name="Delete tenant").click()
    expect(dialog.get_by_role("alert")).to_have_text("Must be the tenant's name")
    assert tenant(world)
    dialog.get_by_label(f"Type {world.name}").fill(world.name)
    world.look("delete-tenant")
    dialog.get_by_role("button", name="Delete tenant").click()
    expect(row(world, "tenants", world.name)).to_have_count(0)
    assert tenant(world) is None


def changes_retention(world):
    """changes how long one's own team has things kept, within what it may"""
    world.go("Retention")
    before = world.admin.get("/retention")
    days, longest = before["kept"]["row_days"], before["limit"]["row_days"]
    world.look("retention")
    for number, warned in ((days - 1, True), (days, False)):
        world.button("Change").click()
        dialog = world.page.get_by_role("dialog", name="Change retention")
        field = dialog.get_by_label("Measurements, days")
        field.fill(str(longest + 1))
        dialog.get_by_role("button", name="Change retention").click()
        expect(dialog.get_by_role("alert")).to_have_text(f"Must be from 1 to {longest}, got {longest + 1}")
        field.fill(str(number))
        expect(dialog.get_by_role("checkbox")).to_have_count(1 if warned else 0)
        if warned:
            dialog.get_by_role("checkbox").check()
        dialog.get_by_role("button", name="Change retention").click()
        expect(dialog).to_be_hidden()
        expect(world.page.locator("[data-resolution=row_days]")).to_contain_text(f"{number} days")
        assert world.admin.get("/retention")["kept"] == {**before["kept"], "row_days": number}


TENANT_STEPS = [
    makes_a_tenant, joins_another, switches_teams, offers_no_refused_reset, says_why_it_waits, renames_its_team,
    limits_a_tenant, suspends_a_tenant, deletes_a_tenant, changes_retention,
]

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { testCertificates } from '../support/certificates.ts'
import { openConnectLaptop } from '../support/connect-laptop.ts'
import { startOauthPostgres } from '../support/oauth-postgres.ts'
import { programPath, skipWithout } from '../support/programs.ts'

const JAVA = `
import java.io.*; import java.sql.*; import java.util.*;
import org.postgresql.*; import org.postgresql.copy.*; import org.postgresql.largeobject.*;

public class Trial {
  static void expect(boolean holds, String what) { if (!holds) throw new AssertionError(what); }

  public static void main(String[] words) throws Exception {
    try (Connection c = DriverManager.getConnection(words[0])) {
      PGConnection pg = c.unwrap(PGConnection.class);
      Statement s = c.createStatement();
      ResultSet one = s.executeQuery("select current_user");
      expect(one.next() && one.getString(1).equals("postgres"), "simple");

      // From the fifth time on the driver names the statement.
      PreparedStatement sum = c.prepareStatement("select ?::int + 1");
      for (int nth = 0; nth < 10; nth++) {
        sum.setInt(1, nth);
        ResultSet r = sum.executeQuery();
        expect(r.next() && r.getInt(1) == nth + 1, "prepared");
      }

      StringBuilder lines = new StringBuilder();
      for (int nth = 0; nth < 100000; nth++) lines.append(nth).append("\\tvalue ").append(nth).append("\\n");
      s.execute("create temp table copied (id int, value text)");
      CopyManager copy = pg.getCopyAPI();
      expect(copy.copyIn("copy copied from stdin", new StringReader(lines.toString())) == 100000, "copy in");
      StringWriter back = new StringWriter();
      copy.copyOut("copy copied to stdout", back);
      expect(back.toString().equals(lines.toString()), "copy out");

      byte[] large = new byte[64 << 20];
      new Random(1).nextBytes(large);
      PreparedStatement echo = c.prepareStatement("select ?::bytea");
      echo.setBytes(1, large);
      ResultSet echoed = echo.executeQuery();
      expect(echoed.next() && Arrays.equals(echoed.getBytes(1), large), "64 MB");

      c.setAutoCommit(false);
      LargeObjectManager objects = pg.getLargeObjectAPI();
      long oid = objects.createLO();
      byte[] content = Arrays.copyOf(large, 1 << 20);
      LargeObject object = objects.open(oid);
      object.write(content);
      object.close();
      expect(Arrays.equals(objects.open(oid).read(content.length), content), "large object");
      s.setFetchSize(100);
      ResultSet many = s.executeQuery("select * from generate_series(1, 10000)");
      int rows = 0;
      while (many.next()) rows++;
      expect(rows == 10000, "cursor");
      c.commit();
      c.setAutoCommit(true);
      s.setFetchSize(0);

      s.execute("listen trial");
      s.execute("notify trial, 'hello'");
      PGNotification[] heard = pg.getNotifications(20000);
      expect(heard != null && heard[0].getParameter().equals("hello"), "notify");

      Statement slow = c.createStatement();
      new Thread(() -> {
        try {
          Thread.sleep(300);
          slow.cancel();
        } catch (Exception e) {
          throw new RuntimeException(e);
        }
      }).start();
      try {
        slow.execute("select pg_sleep(60)");
        expect(false, "cancel");
      } catch (SQLException e) {
        expect(e.getSQLState().equals("57014"), "cancel: " + e.getSQLState());
      }
      System.out.println("done");
    } catch (SQLException e) {
      System.out.println(e.getSQLState() + " " + e.getMessage());
    }
  }
}
`

/** Java 11 and later compile a single file by themselves, where the compiler is there (a JDK). */
function skipWithoutJava(): string | false {
  const missing = skipWithout('java', 'pgjdbc')
  if (missing) return missing
  const modules = spawnSync(programPath('java'), ['--list-modules'], { encoding: 'utf8' }).stdout ?? ''
  return modules.includes('jdk.compiler') ? false : 'the Java there is has no compiler (a JDK)'
}

const certificates = testCertificates()
const remote = await startOauthPostgres({ tls: certificates.server })
const laptop = openConnectLaptop({ port: remote.port, ca: certificates.ca })
const program = join(laptop.home, 'Trial.java')
writeFileSync(program, JAVA)
const SKIP = skipWithoutJava()

async function trial(url: string): Promise<[said: string, errors: string]> {
  const child = spawn(programPath('java'), ['-cp', programPath('pgjdbc'), program, url])
  return await Promise.all([text(child.stdout), text(child.stderr)])
}

test('pgjdbc: extended, COPY both ways, 64 MB values, large objects, NOTIFY, cancel, cursors', {
  skip: SKIP,
}, async () => {
  const running = laptop.start(['connect', 'prod', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  assert.deepEqual(await trial(JSON.parse(line).jdbc), ['done\n', ''])
  await running.end()
})

test('pgjdbc: the error of a refused token has its SQLSTATE and says what to do', { skip: SKIP }, async () => {
  writeFileSync(laptop.tokenFile, 'bad-token')
  const running = laptop.start(['connect', 'prod', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  const [said] = await trial(JSON.parse(line).jdbc)
  assert.match(said, /^28000 FATAL: pgoauth: localhost:\d+ refused the login of profile prod/)
  assert.match(said, /Hint: .*check token_file/)
  await running.end()
})

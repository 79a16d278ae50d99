//! stub
use super::args::DemoArgs;
use super::out::Out;
pub(super) async fn run(_args: &DemoArgs, _out: &Out) -> anyhow::Result<()> {
    Ok(())
}

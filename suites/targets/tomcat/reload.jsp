<%@ page session="false" contentType="text/plain" trimDirectiveWhitespaces="true" import="java.lang.management.ManagementFactory, javax.management.MBeanServer, javax.management.ObjectName" %>
<%
	// What the Manager's sslReload does: the files that an SSLHostConfig names are read again, server.xml is not.
	if (request.isSecure()) {
		response.sendError(404);
		return;
	}
	MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
	for (ObjectName endpoint : beans.queryNames(new ObjectName("Catalina:type=ThreadPool,*"), null))
		if (endpoint.getKeyProperty("subType") == null)
			beans.invoke(endpoint, "reloadSslHostConfigs", null, null);
%>
reloaded
